"""Drawing a finding on its picture."""
