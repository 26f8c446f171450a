"""Load the published script that joins parts: what it can't join, nobody can."""

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from tests.architecture.tree import ROOT

SCRIPT = ROOT / "docs" / "join_audit_copy.py"


def _loaded() -> ModuleType:
    spec = spec_from_file_location("join_audit_copy", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_module = _loaded()
joined = _module.joined
parts_in = _module.parts_in
NotJoined: type[Exception] = _module.NotJoined
