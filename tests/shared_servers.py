"""A server of frames and a model server for all tests of a process, where their own would cost.

Data directories keep apart on one server of frames, as on a Milvus elsewhere.
"""

import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from mmrag_video.index.server import lease_server
from mmrag_video.settings import ModelSettings, ServerSettings, StoreSettings
from tests.model_server import ModelServer

OWN_STORE = StoreSettings(linger=0.5)
"""A server of the data directory's own, which ends soon after its last user. It takes a second of
CPU to start, and is for what is tested about it."""
_until_the_end = ExitStack()


@cache
def shared_store() -> StoreSettings:
    """The settings with which an archive uses it; it is started by who asks first."""
    folder = Path(tempfile.mkdtemp(prefix="mmrag-store-"))
    _until_the_end.callback(shutil.rmtree, folder, ignore_errors=True)
    lease = _until_the_end.enter_context(lease_server(folder, linger=0))
    return StoreSettings(uri=lease.uri, linger=OWN_STORE.linger)


@cache
def shared_model() -> ModelSettings:
    """The toy that sees colours, for what becomes of recordings whatever is seen in them: `basic`
    takes half a second of CPU to load and 0.24 s for each frame.
    """
    server = _until_the_end.enter_context(ModelServer())
    return ModelSettings(name="server", server=ServerSettings(url=server.url))


def end_shared_servers() -> None:
    """When there are no more tests."""
    _until_the_end.close()
