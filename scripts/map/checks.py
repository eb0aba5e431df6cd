"""What a person does with the map, as checks: each takes an open browser and says what is wrong."""
import json
import subprocess

ALLOWED = ("file:", "data:", "blob:", "about:")
READY = "document.body && document.body.classList.contains('is-whole')"
DRAWN = "document.body && document.body.classList.contains('map-is-drawn')"
PIECE = "document.querySelector"


class Checks:
    """One page in one browser; `faults` gathers words."""

    def __init__(self, browser, faults, name):
        self.browser, self.faults, self.name = browser, faults, name

    def expect(self, is_so, words):
        if not is_so:
            self.faults.append(f"{self.name}: {words}")
        return is_so

    def equal(self, expression, expected, what):
        found = self.browser.get(expression)
        return self.expect(found == expected, f"{what}: expected {expected!r}, found {found!r}")

    def quiet(self, schemes=ALLOWED):
        """Nothing was asked of anybody, and nothing was said, thrown or popped up."""
        outside = sorted({one[:100] for one in self.browser.requests if not one.startswith(schemes)})
        self.expect(not outside, f"asked for {outside[:5]}")
        loud = [words for kind, words in self.browser.said if kind in ("error", "warning", "assert")]
        self.expect(not loud, f"the console says {loud[:5]}")
        self.expect(not self.browser.thrown, f"threw {self.browser.thrown[:3]}")
        self.expect(not self.browser.dialogs, f"popped up {self.browser.dialogs[:3]}")

    def axe(self, script, where):
        """No serious finding of axe-core; contrast included."""
        self.browser.get(f"{script};0")
        found = self.browser.get("axe.run(document, {resultTypes: ['violations']}).then((all) => JSON.stringify(all.violations.map("
                                 "(one) => [one.impact, one.id, one.nodes.length, one.nodes[0].html.slice(0, 160), one.nodes[0].failureSummary.slice(0, 300)])))")
        serious = [one for one in json.loads(found) if one[0] in ("serious", "critical")]
        self.expect(not serious, f"axe, {where}: {serious}")

    def count(self):
        return self.browser.get("steppewatch.state.shown.length")

    def language(self):
        browser = self.browser
        for which, lang, title in [("en", "en", "Leads"), ("zh", "zh-CN", "线索")]:
            browser.press(f"#speak-{which}")
            self.equal("document.documentElement.lang", lang, "language of the page")
            self.equal(f"{PIECE}('#side-title').textContent", title, "title of the list")
            bare = browser.get("[...document.querySelectorAll('[data-say]')].filter((one) => !one.textContent.trim()).map((one) => one.id || one.dataset.say)")
            self.expect(not bare, f"without words in {which}: {bare}")

    def keys(self, leads):
        """The list by keys: down chooses, Enter opens, Escape closes."""
        browser = self.browser
        browser.get(f"{PIECE}('#list').focus()")
        browser.key("ArrowDown")
        browser.key("Enter")
        self.equal(f"{PIECE}('#details').hidden", False, "details after Enter")
        first = browser.get(f"{PIECE}('#details .id').textContent")
        browser.get(f"{PIECE}('#list').focus()")
        browser.key("End")
        last = browser.get(f"{PIECE}('#details .id').textContent")
        self.expect(leads < 2 or first != last, "End does not choose another lead")
        self.equal(f"{PIECE}('#list').getAttribute('aria-activedescendant') === {PIECE}('.row[aria-selected=true]').id", True, "active row")
        browser.get(f"{PIECE}('#details').focus()")
        browser.key("Escape")
        self.equal(f"{PIECE}('#details').hidden", True, "details after Escape")
        # By the tab key alone every control is reached, and none holds the focus.
        browser.get("document.activeElement.blur()")
        seen = set()
        for _ in range(60):
            browser.key("Tab")
            seen.add(browser.get("document.activeElement.id || document.activeElement.className || document.activeElement.tagName"))
        wanted = {"speak-zh", "speak-en", "search", "list", "tool-print", "tool-distance", "zoom-in", "sort"}
        self.expect(wanted <= seen, f"not reached by the tab key: {sorted(wanted - seen)}")

    def swipe(self):
        browser = self.browser
        left, top = browser.middle("#swipe")
        before = browser.get("steppewatch.state.swipe")
        browser.drag((left, top), (left - 150, top))
        moved = browser.get("steppewatch.state.swipe")
        self.expect(moved < before - 5, f"the divider was dragged from {before} to {moved}")
        clip = browser.get(f"{PIECE}('#map-after .maplibregl-canvas').style.clipPath")
        self.expect(f"{moved:.2f}"[:4] in clip, f"the picture is cut at {clip}, the divider stands at {moved}")
        browser.get(f"{PIECE}('#swipe').focus()")
        for key, expected in [("Home", 0), ("End", 100)]:
            browser.key(key)
            self.equal(f"Number({PIECE}('#swipe').getAttribute('aria-valuenow'))", expected, f"divider after {key}")
        for _ in range(5):
            browser.key("ArrowLeft")
        self.equal(f"Number({PIECE}('#swipe').getAttribute('aria-valuenow'))", 90, "divider after five steps to the left")

    def shows_both(self):
        """Before and after are two pictures, and neither is empty."""
        look = ("(() => { const tones = (id) => { const map = document.querySelector(`#map-${id} canvas`); steppewatch.maps[id].redraw();"
                "const sheet = document.createElement('canvas'); sheet.width = sheet.height = 64; const pen = sheet.getContext('2d');"
                "pen.drawImage(map, 0, 0, 64, 64); return [...pen.getImageData(0, 0, 64, 64).data]; };"
                "const [a, b] = [tones('before'), tones('after')]; const kinds = (list) => new Set(list).size;"
                "return [kinds(a), kinds(b), a.filter((tone, at) => Math.abs(tone - b[at]) > 12).length]; })()")
        before, after, differ = self.browser.get(look)
        self.expect(before > 20 and after > 20, f"imagery is drawn in {before} and {after} tones")
        self.expect(differ > 100, f"before and after differ in {differ} tones of 16384")

    def filter(self, leads):
        browser, whole = self.browser, self.count()
        self.expect(whole == len(leads), f"{whole} of {len(leads)} leads are shown at first")
        one = leads[-1]["properties"]
        browser.get(f"{PIECE}('#filters').open = true")
        browser.get(f"(() => {{ const field = {PIECE}('#search'); field.focus(); field.value = {json.dumps(one['id'])};"
                    "field.dispatchEvent(new Event('input', {bubbles: true})); })()")
        browser.pause(0.4)
        self.expect(self.count() >= 1 and self.count() <= max(1, whole), f"a search for {one['id']} shows {self.count()}")
        self.equal(f"{PIECE}('#list .row .id').textContent", one["id"], "the lead that was searched for")
        browser.press("#filter-reset")
        browser.pause(0.3)
        least = sorted(lead["properties"]["confidence"] for lead in leads)[len(leads) // 2]
        browser.get(f"(() => {{ const one = {PIECE}('#filter-confidence'); one.value = {least}; one.dispatchEvent(new Event('input')); }})()")
        browser.pause(0.4)
        expected = sum(lead["properties"]["confidence"] >= round(least, 2) for lead in leads)
        self.expect(self.count() == expected, f"confidence from {least}: expected {expected}, {self.count()} shown")
        browser.press("#filter-reset")
        browser.pause(0.3)
        bar = browser.get("[...document.querySelectorAll('.bar')].findIndex((one) => !/[::] ?0 /.test(one.title))")
        first, last = browser.get(f"document.querySelectorAll('.bar')[{bar}].dataset.key").split("/")
        browser.get(f"document.querySelectorAll('.bar')[{bar}].click()")
        browser.pause(0.3)
        expected = sum(first <= lead["properties"]["first_seen"] <= last for lead in leads)
        self.expect(self.count() == expected, f"first seen {first} to {last}: expected {expected}, {self.count()} shown")
        browser.press("#filter-reset")
        browser.pause(0.3)
        self.expect(self.count() == whole, f"{self.count()} of {whole} after the filter was cleared")
        browser.get(f"{PIECE}('#filters').open = false")

    def record(self, lead):
        """The open details say what the record says."""
        about = lead["properties"]
        text = self.browser.get(f"{PIECE}('#details').textContent").replace(",", "")
        wanted = [lead["properties"]["id"], str(about["before"]), str(about["after"]), f"{about['confidence']:.3f}"]
        if about.get("area_mu") is not None:
            wanted += [f"{about[name]:.2f}" for name in ["area_mu", "area_low_mu", "area_high_mu"]] + [f"{about['area_m2']:.1f}"]
        wanted += [f"{about['lon_deg']:.7f}°", f"{about['lat_deg']:.7f}°"]
        wanted += [line["name"].replace(",", "") for line in about["redlines"] if line["name"]]
        wanted += [limit["source"].replace(",", "") for limit in about["thresholds"]]
        wanted += [note.replace(",", "") for note in about["notes"]]
        for words in wanted:
            self.expect(words in text, f"the details of {about['id']} do not say '{words}'")

    def areas(self, leads):
        """Measuring by hand agrees with the record, whose areas are geodesic: within a thousandth."""
        for lead in leads[:20]:
            area = lead["properties"].get("area_m2")
            if area is None or "geodesic" not in (lead["properties"].get("area_method") or ""):
                continue
            rings = json.dumps(lead["geometry"]["coordinates"])
            found = self.browser.get(f"{rings}.reduce((sum, polygon) => sum + polygon.reduce((own, ring, at) => own + (at ? -1 : 1) * "
                                     "steppewatch.squareMetres(ring.slice(0, -1)), 0), 0)")
            self.expect(abs(found / area - 1) < 1e-3, f"{lead['properties']['id']}: measured {found:.1f} m2, recorded {area} m2")

    def measure(self):
        browser = self.browser
        browser.press("#tool-distance")
        left, top, wide, high = browser.get(f"(() => {{ const box = {PIECE}('#stage').getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; }})()")
        for share in (0.3, 0.7):
            browser.click(left + wide * share, top + high * 0.4)
            browser.pause(0.15)
        text = browser.get(f"{PIECE}('#measured p').textContent")
        self.expect(any(unit in text for unit in (" m", " km")), f"a measured length reads '{text}'")
        browser.get("document.activeElement.blur()")
        browser.key("Escape")
        self.equal(f"{PIECE}('#tool-distance').getAttribute('aria-pressed')", "false", "measuring after Escape")

    def paper(self, path, words):
        """What is printed has the words, and both maps as pictures where there are two."""
        self.browser.paper(path)
        try:
            text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return
        for one in words:
            self.expect(one in text, f"the printed page does not say '{one}'")

    def inert(self):
        """No element that the page itself does not make, no handler in an attribute, no way out."""
        found = self.browser.get(
            "(() => { const all = [...document.querySelectorAll('*')]; const bad = [];"
            "for (const one of all) { for (const name of one.getAttributeNames()) if (/^on/i.test(name)) bad.push(`${one.tagName} ${name}`);"
            "if (/^(IFRAME|OBJECT|EMBED|BASE|FORM|MARQUEE|VIDEO|AUDIO|A)$/.test(one.tagName) && !(one.id === 'skip') && !(one.tagName === 'FORM' && one.closest('.desk'))) bad.push(one.outerHTML.slice(0, 120));"
            "if (one.tagName === 'IMG' && !/^(data:image\\/jpeg;base64,|pictures\\/|blob:)/.test(one.getAttribute('src'))) bad.push(one.outerHTML.slice(0, 120)); }"
            "const scripts = [...document.scripts].filter((one) => !one.type && !one.src).length;"
            "const turned = /[\\u202a-\\u202e\\u2066-\\u2069\\u200e\\u200f]/.test(document.body.innerText);"
            "return [bad.slice(0, 5), scripts, turned, typeof window.steppewatchHostile]; })()")
        bad, scripts, turned, call = found
        self.expect(not bad, f"elements that no part of the page makes: {bad}")
        self.expect(scripts <= 2, f"{scripts} scripts run, expected the page's own and the library's")
        self.expect(not turned, "letters that turn the text around are shown")
        self.expect(call == "undefined", f"something defined the hostile call: {call}")
