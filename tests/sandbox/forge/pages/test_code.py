"""Source in colours: whatever the text, the same text, each line by itself."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.printable import printable
from engine.sandbox.forge.pages import code

COLOURED = [
    ("a name that is given a value", "tf", "name = 1", '<span class="n">name</span> = <span class="m">1</span>'),
    (
        "a string and what follows it",
        "tfvars",
        'a = "x" # y',
        '<span class="s">&quot;x&quot;</span> <span class="c"># y</span>',
    ),
    ("a sign of a comment in a string", "tf", 'a = "#"', '<span class="s">&quot;#&quot;</span>'),
    ("a quote in a string", "json", r'["a\"b"]', r'[<span class="s">&quot;a\&quot;b&quot;</span>]'),
    ("a key of JSON", "json", '{"a": true}', '{<span class="n">&quot;a&quot;</span>: <span class="k">true</span>}'),
    ("a keyword inside of a word is none", "py", "iffy", "iffy"),
    ("a number inside of a word is none", "py", "x1", "x1"),
    (
        "a comment over lines has a span in each",
        "js",
        "/* a\nb */",
        '<span class="c">/* a</span>\n<span class="c">b */</span>',
    ),
    ("an apostrophe in HCL begins nothing", "tf", "it's # c", '<span class="c"># c</span>'),
    ("a difference", "diff", "+a\n-b\n c", '<span class="ins">+a</span>\n<span class="del">-b</span>\n c'),
    ("another language", "cobol", "<b>", "&lt;b&gt;"),
    ("markup", "py", "'<b>'", '<span class="s">&#x27;&lt;b&gt;&#x27;</span>'),
    ("what turns reading round", "py", "a\u202e", "a\\u202e"),
]  # fmt: skip - a table is read by its rows
LANGUAGES = ["tf", "json", "yaml", "toml", "py", "sh", "rego", "go", "diff", "txt"]


@pytest.mark.parametrize(("why", "language", "source", "html"), COLOURED, ids=[row[0] for row in COLOURED])
def test_coloured(why, language, source, html):
    assert html in code.coloured(source, language=language), why


@given(st.sampled_from(LANGUAGES), st.text(st.sampled_from("ab1_ \t\n\"'`#/*\\=:<>&-+@{}\r\u202e")))
def test_it_is_the_same_text_and_no_span_crosses_a_line(language, source):
    html = code.coloured(source, language=language)
    assert unescape(re.sub(r"</?span[^>]*>", "", html)) == printable(source)
    for line in html.split("\n"):
        assert line.count("<span") == line.count("</span>")
