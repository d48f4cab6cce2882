"""A small Slack on a laptop: strict like the real one, with a page to click in and handles to drive it from Python."""

from breakwater.sandbox.clock import Timing
from breakwater.sandbox.delivery import Answer
from breakwater.sandbox.faults import FaultKind
from breakwater.sandbox.messages import Message
from breakwater.sandbox.modals import View
from breakwater.sandbox.outgoing import Signer
from breakwater.sandbox.person import Person
from breakwater.sandbox.rates import Rates
from breakwater.sandbox.refusal import Refusal, RefusalError
from breakwater.sandbox.server import Sandbox
from breakwater.sandbox.workspace import App, Channel, Command, Shortcut, Team, User, UserGroup, Workspace

__all__ = [
    "Answer",
    "App",
    "Channel",
    "Command",
    "FaultKind",
    "Message",
    "Person",
    "Rates",
    "Refusal",
    "RefusalError",
    "Sandbox",
    "Shortcut",
    "Signer",
    "Team",
    "Timing",
    "User",
    "UserGroup",
    "View",
    "Workspace",
]
