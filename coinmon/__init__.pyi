from . import command as command
from . import exchange as exchange
from . import indicator as indicator
from . import output as output
from . import signal as signal
from . import v1 as v1
from .command import *
from .exchange import *
from .indicator import *
from .output import *
from .signal import *
from .v1 import open as open
