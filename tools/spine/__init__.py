"""What is known of the spine model: training, evaluation, card."""
