"""A scalar Kalman filter without state: a value and how far it is known, before and after a measurement."""

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Belief:
    """A value that is believed, in any unit, and the variance of its error in that unit squared."""

    value: float
    variance: float

    def moved(self, change: float, variance: float) -> "Belief":
        """After a change that is itself known to within `variance`."""
        return Belief(self.value + change, self.variance + variance)

    def corrected(self, innovation: float, noise: float) -> "Belief":
        """After a measurement that lies `innovation` above the value; `noise` is the measurement's variance."""
        gain = self.gain(noise)
        return Belief(self.value + gain * innovation, gain * noise)

    def gain(self, noise: float) -> float:
        """How far a measurement of this variance pulls the value to itself, 0 to 1."""
        total = self.variance + noise
        return self.variance / total if total > 0 else 1.0

    def deviations(self, innovation: float, noise: float) -> float:
        """`innovation` in standard deviations of what is expected of it."""
        return abs(innovation) / sqrt(max(self.variance + noise, 1e-12))
