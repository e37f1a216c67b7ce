"""What was just inferred is not inferred again."""

import numpy as np
import pytest

from edge.errors import ModelError
from edge.runtime.fake import FakeRuntime
from edge.runtime.repeated import RepeatedRuntime


class Counting(FakeRuntime):
    calls = 0

    def infer(self, tensor):
        self.calls += 1
        if tensor.max() > 100:
            raise ModelError("too bright")
        return (np.full((1, 1, 2, 2), float(tensor.mean()), np.float32),)


def test_only_another_tensor_is_inferred():
    counting = Counting()
    with RepeatedRuntime(counting) as runtime:
        tensor = np.full((1, 1, 8, 8), 5, np.uint8)
        first = runtime.infer(tensor)
        assert runtime.infer(tensor.copy()) is first and counting.calls == 1
        tensor[0, 0, 3, 3] = 6  # the caller's own array, which it uses again
        assert runtime.infer(tensor)[0].mean() > 5 and counting.calls == 2
        with pytest.raises(ModelError):
            runtime.infer(tensor + 100)
        runtime.infer(tensor)
        assert counting.calls == 4
    assert (runtime.name, runtime.threads, runtime.digest) == (counting.name, counting.threads, counting.digest)
