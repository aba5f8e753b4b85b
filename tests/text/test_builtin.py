import hashlib
import os
import types

import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text import builtin
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.tokenizing import tokenize

FILES = {
    "library/pydoc_data/topics.py": "topics = {'b': 'Topic two is here.', 'a': 'Topic ' 'one.'}",
    "library/b.py": "'''Module b speaks.'''\nraise SystemExit('never run')\n",
    "library/a.py": "class A:\n    '''Class A speaks.'''\n    def f(self):\n"
    "        '''Method f speaks.'''\nasync def g():\n    '''Method f speaks.'''\n",
    "library/broken.py": "def (:\n",
    "library/nul.py": "\0",
    "library/escape.py": "'''Odd \\escapes do no harm.'''\n",
    "library/test/test_a.py": "'''A test is silent.'''",
    "library/site-packages/other.py": "'''Other people are silent.'''",
    "library/idlelib/x.py": "'''Programs are silent.'''",
    "numpy/__init__.py": "'''NumPy speaks.'''\nadd_newdoc('numpy', 'x', ('dot', '''\n"
    "    Compiled functions speak.\n    '''))",
}
LINES = sorted(
    [
        "Topic one.",
        "Topic two is here.",
        "Class A speaks.",
        "Method f speaks.",
        "Module b speaks.",
        "Odd \\escapes do no harm.",
        "NumPy speaks.",
        "Compiled functions speak.",
    ],
    key=lambda text: hashlib.sha256(text.encode()).hexdigest(),  # mixed, the same everywhere
)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A small installation, with a cache of its own."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    paths = types.SimpleNamespace(get_path=lambda name: str(tmp_path / "library"))
    monkeypatch.setattr(builtin, "sysconfig", paths)
    numpy = types.SimpleNamespace(__file__=str(tmp_path / "numpy/__init__.py"), __version__="9.9")
    monkeypatch.setattr(builtin, "np", numpy)
    monkeypatch.setenv("TINYGRAD_W2V_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_what_is_read_and_in_which_order(library):
    assert builtin_corpus_lines(cache=False) == LINES
    assert not (library / "cache").exists()


def test_cache_is_used_and_checked(library):
    assert builtin_corpus_lines() == LINES
    (cached,) = (library / "cache").iterdir()
    assert "9.9" in cached.name
    (library / "library/a.py").unlink()
    assert builtin_corpus_lines() == LINES
    cached.write_bytes(cached.read_bytes().replace(b"Topic", b"Tropic"))
    fresh = builtin_corpus_lines()
    assert fresh == [line for line in LINES if line[:5] not in ("Class", "Metho")]
    assert builtin_corpus_lines() == fresh
    cached.write_bytes(b"")
    assert builtin_corpus_lines() == fresh
    builtin.np.__version__ = "9.10"
    builtin_corpus_lines()
    assert len(list((library / "cache").iterdir())) == 2


def test_unwritable_cache_is_fine(library, monkeypatch):
    (library / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TINYGRAD_W2V_CACHE", str(library / "file"))
    with pytest.warns(tw.EngineWarning, match="is read anew each time: .*file is not a folder"):
        assert builtin_corpus_lines() == LINES


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
@pytest.mark.parametrize("mode", [0o777, 0o722])
def test_a_cache_that_others_may_write_to_is_neither_read_nor_changed(library, mode):
    """Its text would be learned; and its permissions are whoever's made it."""
    builtin_corpus_lines()
    (cached,) = (library / "cache").iterdir()
    text = b"Planted."
    cached.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
    assert builtin_corpus_lines() == ["Planted."]
    (library / "cache").chmod(mode)
    with pytest.warns(tw.EngineWarning, match="may be written by others"):
        assert builtin_corpus_lines() == LINES
    assert (library / "cache").stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such files")
@pytest.mark.parametrize("what", ["a link", "a pipe", "a folder"])
def test_what_is_planted_in_a_cache_is_not_followed(library, what):
    """A link's target was overwritten, and a pipe without a writer was waited for."""
    target = library / "precious"
    target.write_text("mine", encoding="utf-8")
    path = builtin._cache_file()
    if what == "a link":
        path.symlink_to(target)
    elif what == "a pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert builtin_corpus_lines() == LINES
    assert target.read_text(encoding="utf-8") == "mine"
    assert path.is_dir() if what == "a folder" else not path.is_symlink()
    assert builtin_corpus_lines() == LINES


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("TINYGRAD_W2V_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert builtin._cache_file().parent == tmp_path / "own"
    monkeypatch.delenv("TINYGRAD_W2V_CACHE")
    assert builtin._cache_file().parent == tmp_path / "xdg" / "tinygrad_w2v"
    monkeypatch.delenv("XDG_CACHE_HOME")
    if os.name == "posix":
        assert builtin._cache_file().parent == tmp_path / "home" / ".cache" / "tinygrad_w2v"


def test_no_sources(library, monkeypatch):
    monkeypatch.setattr(builtin, "_documents", lambda: iter(()))
    with pytest.raises(InputError, match="no source files"):
        builtin_corpus_lines()


@pytest.mark.parametrize("every", [10, pytest.param(1, marks=pytest.mark.proof)])
def test_a_real_corpus_is_kept_as_it_was_read(every, tmp_path, monkeypatch):
    """With each tenth source file in the usual run: all of them take seconds to parse."""
    real = builtin._sources
    monkeypatch.setattr(builtin, "_sources", lambda root: real(root)[::every])
    monkeypatch.setenv("TINYGRAD_W2V_CACHE", str(tmp_path))
    lines = builtin_corpus_lines()
    assert len(lines) > 3000
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(builtin, "_documents", None)  # it is not read again
    assert builtin_corpus_lines() == lines


def test_the_real_corpus():
    """All of it, as the first test of the run that asked for it left it in the shared cache."""
    lines = builtin_corpus_lines()
    sentences = list(tokenize(lines))
    words = {word for sentence in sentences for word in sentence}
    assert {"list", "tuple", "array", "dictionary", "exception"} <= words
    assert 350_000 < sum(map(len, sentences)) < 800_000
    # English, not code.
    assert sum(">>>" in line for line in lines) < len(lines) / 1000
    assert sum(" the " in line for line in lines) > len(lines) / 4
