"""Make the fonts of formulas: `python make_font.py STIXMath-Regular.otf`, with fonttools 4.68 and brotli.

The original is STIX Math 1.1.1 (STI Pub Companies, SIL Open Font License 1.1, see OFL.txt), the file
`STIXMath-Regular.otf` of Debian's `fonts-stix`. The licence asks that a changed font has another name.
Taken: Latin, Greek, Cyrillic, the mathematical alphabets, the operators of formulas. Bold, script and
double-struck letters, save for the commonest, are a file of their own, math-letters.woff2, which a
browser loads where a page has any. Changed, each for what a browser does with it:

- a line is 1.2 em high, not 3.1: Firefox makes every line of text with a formula in it that high;
- primes are large and low: MathML sets x′ as a superscript, where STIX's raised prime is a speck;
- brackets and roots are at most little wider than their smallest form: Chromium gives every size
  of a bracket the room of the widest one.
"""

import sys

from fontTools import subset
from fontTools.misc.transform import Transform
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen

NAME = "Notes Math"
CHARACTERS = """
    20-7E A0 A8 AC AF B1 B7 D7 F7 2C6 2C7 2D8 2D9 2DC 302-304 307 308
    391-3A9 3B1-3C9 3D1 3D5 3F1 3F5 401 410-44F 451
    2014 2016 2018 2019 201C 201D 2026 2032-2034 203E 2061-2064 20D7
    2102 210B 210E 2110-2113 2115 211A-211D 2124 212C 2130 2131 2133
    2190-2195 21A6 21D0-21D4 27F6
    2200 2202-2209 220F 2211-2213 2217-221A 221D 221E 2223 2225-222B 2234 223C 2243 2245 2248 2260-2265
    226A 226B 2282 2283 2286 2287 2295-2297 22A4 22A5 22C5 22EE-22F1 2308-230B 23DE 23DF 27E8 27E9
    2A7D 2A7E 2AAF 1D434-1D467 1D49C 1D4A9 1D4AE 1D53C 1D6E2-1D71B 1D7CF 1D7D9"""
LETTERS = "1D400-1D433 1D49E-1D4A8 1D4AA-1D4AD 1D4AF-1D4B5 1D538-1D53B 1D53D-1D550 1D7CE 1D7D0-1D7D8"
ASCENT, DESCENT = 900, -300  # thousandths of an em
PRIME_SCALE, PRIME_BOTTOM = 1.45, 90
BEARING = 60  # left of a tall bracket and right of it
WIDEST = 1.3  # a tall bracket in widths of the smallest


def main(source: str) -> None:
    make(source, "math.woff2", CHARACTERS)
    make(source, "math-letters.woff2", LETTERS)


def make(source: str, name: str, characters: str) -> None:
    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.layout_features = ["ssty", "math", "flac", "dtls", "kern"]
    font = subset.load_font(source, options)
    primes(font)
    brackets(font)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=list(unicodes(characters)))
    subsetter.subset(font)
    font["hhea"].ascent = font["OS/2"].usWinAscent = font["OS/2"].sTypoAscender = ASCENT
    font["hhea"].descent = font["OS/2"].sTypoDescender = DESCENT
    font["OS/2"].usWinDescent = -DESCENT
    rename(font)
    subset.save_font(font, name, options)


def unicodes(characters: str):
    for token in characters.split():
        first, _, last = token.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def primes(font) -> None:
    for code in (0x2032, 0x2033, 0x2034):
        name = font.getBestCmap()[code]
        _, bottom, _, _ = bounds(font, name)
        width = round(font["hmtx"][name][0] * PRIME_SCALE) - 100
        move = Transform(PRIME_SCALE, 0, 0, PRIME_SCALE, -50, PRIME_BOTTOM - bottom * PRIME_SCALE)
        redraw(font, name, move, width)


def brackets(font) -> None:
    """Bring every form of a bracket or a root near the width of the smallest."""
    variants = font["MATH"].table.MathVariants
    names = variants.VertGlyphCoverage.glyphs
    done = set()
    for name, construction in zip(names, variants.VertGlyphConstruction, strict=True):
        sizes = construction.MathGlyphVariantRecord
        if not sizes or not construction.GlyphAssembly or bounds(font, name) is None:
            continue
        root = name == "uni221A"
        width = font["hmtx"][name][0]
        pieces = {part.glyph for part in construction.GlyphAssembly.PartRecords}
        taller = [{size.VariantGlyph} for size in sizes if size.VariantGlyph != name]
        for group in [*taller, *([] if root and name in pieces else [pieces])]:
            narrow(font, group - done, width, root)
            done |= group


def narrow(font, group: set[str], width: int, root: bool) -> None:
    """Bring a form of a bracket, one glyph or some pieces on top of each other, near the given width."""
    boxes = {name: bounds(font, name) for name in group}
    for name in group:
        own = font["hmtx"][name][0]
        if root:
            redraw(font, name, Transform(width / own, 0, 0, 1, 0, 0), width)
        elif own > width:
            left, right = min(box[0] for box in boxes.values()), max(box[2] for box in boxes.values())
            trim = min(0, BEARING - left)
            trimmed = right + trim + BEARING
            squeeze = min(1, WIDEST * width / trimmed)
            move = Transform(squeeze, 0, 0, 1, trim * squeeze, 0)
            redraw(font, name, move, round(trimmed * squeeze))


def bounds(font, name):
    pen = BoundsPen(None)
    font.getGlyphSet()[name].draw(pen)
    return pen.bounds


def redraw(font, name: str, move: Transform, width: int) -> None:
    glyphs = font.getGlyphSet()
    pen = T2CharStringPen(width, glyphs)
    glyphs[name].draw(TransformPen(pen, move))
    cff = font["CFF "].cff
    top = cff.topDictIndex[0]
    old = top.CharStrings[name]
    new = pen.getCharString(private=old.private, globalSubrs=old.globalSubrs)
    new.width = width
    top.CharStrings[name] = new
    font["hmtx"][name] = (width, round(bounds(font, name)[0]))


def rename(font) -> None:
    for record in list(font["name"].names):
        if record.nameID in (1, 3, 4, 16):
            record.string = NAME
        elif record.nameID == 6:
            record.string = NAME.replace(" ", "")
    top = font["CFF "].cff.topDictIndex[0]
    top.FullName = top.FamilyName = NAME
    font["CFF "].cff.fontNames = [NAME.replace(" ", "")]


if __name__ == "__main__":
    main(sys.argv[1])
