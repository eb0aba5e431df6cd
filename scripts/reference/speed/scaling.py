"""What a county, a province and all grassland of China would take, from figures that were measured.

Usage: scaling.py [--core-hour PRICE] [--gigabyte-month PRICE] [--currency NAME] [--revisit DAYS] [--years YEARS]
                  [--seasons-per-year SHARE] [--write PAGE]
Prints a page in Markdown: bytes read, core hours for learning the look-back and for a night, state, and cost. Measured:
the newest results of `series` (scripts/bench series). Every pixel of an area counts as under watch, every view as a whole
one. Prices are assumptions and stand on the page; give your own.
"""

import argparse
from pathlib import Path

import kept

# Square kilometres: round figures, so that a reader can scale them to an area of their own.
AREAS = {"county": 17_600.0, "province (grassland of Inner Mongolia)": 760_000.0, "all grassland of China": 2_650_000.0}
PIXELS_PER_KM2 = 10_000
# A day's night waits for nothing: one orbit in five days covers each place once.
DAYS_A_YEAR = 365.25


def quantity(number: float, units: list[tuple[float, str]]) -> str:
    """A number in the largest unit that leaves it at one or more."""
    scale, unit = next(((scale, unit) for scale, unit in units if number >= scale), units[-1])
    return f"{number / scale:,.3g} {unit}" if number / scale < 1000 else f"{number / scale:,.0f} {unit}"


BYTES = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")]


def main() -> None:
    """Prints, or writes, the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core-hour", type=float, default=0.04, help="price of a core hour")
    parser.add_argument("--gigabyte-month", type=float, default=0.02, help="price of a gigabyte kept for a month")
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("--revisit", type=float, default=5.0, help="days between views of a place")
    parser.add_argument("--years", type=float, default=4.0, help="years of look-back")
    parser.add_argument("--seasons-per-year", type=float, default=1.0, help="share of the year that is read")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    series = kept.latest("series")
    pixels, views = series["pixels"], series["scenes"]
    view_bytes = series["bytes"] / pixels / views
    # All but one scene were learned by the first watch, and its share of a pixel and view is the same for each.
    learn = series["rows"]["first watch"]["processor"] / pixels / (views - 1)
    night = series["rows"]["night of one scene"]["processor"] / pixels
    season_views = views - series["look_back_scenes"]
    of_state = {part: size / series["state_pixels"] for part, size in series["state_bytes"].items()}
    of_state["days"] /= max(1, season_views)
    views_a_year = DAYS_A_YEAR / asked.revisit * asked.seasons_per_year
    denser = max(1.0, views_a_year / max(1, season_views))
    taken = series["taken"]
    lines = [
        "# Scaling", "",
        "Printed by `scripts/bench scaling --write`; not written by hand. A model from figures measured on one machine,",
        f"not a measurement at these sizes: {taken['processor']}, {taken['day']}, commit {taken['commit']},",
        f"load of the machine {taken['load_at_start']} when the measurement began (more than 0: other work beside it).", "",
        f"Measured on {pixels / 1e6:.2f} Mpx of simulated steppe, {views} views of seven bands,",
        f"{season_views} of them in the target year (`scripts/bench series`):", "",
        f"- {view_bytes:.1f} bytes read a pixel and view;",
        f"- {1e6 * learn:.2f} µs of one core a pixel and view to learn the look-back (the first watch, with its target year);",
        f"- {1e6 * night:.2f} µs of one core a pixel for a night of one new view (every cell judged anew);",
        "- state a pixel: " + ", ".join(f"{part.replace('_', ' ')} {size:.1f} bytes" + (" a view" if part == "days" else "")
                                       for part, size in of_state.items()) + ".", "",
        f"Assumed: pixels of 10 m, a view every {asked.revisit:g} days in {asked.seasons_per_year:.0%} of the year",
        f"({views_a_year:.0f} a year), {asked.years:g} years of look-back, {asked.core_hour:g} {asked.currency} a core hour",
        f"and {asked.gigabyte_month:g} {asked.currency} a gigabyte and month (round figures of a general cloud; flags).",
        "A night judges a cell with all views of its season: it is taken to grow with the views a year,",
        f"here {denser:.1f} times those of the measurement. Learning is paid once; nights and state are by year.", "",
        "| | area km2 | Gpx | bytes to learn from | core hours to learn | bytes a night | core hours a night "
        "| state after a year | learning | nights of a year | state of a year |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, area in AREAS.items():
        all_pixels = area * PIXELS_PER_KM2
        history = asked.years * views_a_year
        learn_hours = all_pixels * history * learn / 3600
        # A night brings the places whose turn it is: a revisit-th of the area.
        night_hours = all_pixels * night * denser / 3600 / asked.revisit
        state = all_pixels * (of_state["look_back"] + of_state["evidence"] + of_state["days"] * views_a_year)
        nights = night_hours * DAYS_A_YEAR * asked.seasons_per_year
        lines.append("| " + " | ".join([
            name, f"{area:,.0f}", f"{all_pixels / 1e9:,.2f}", quantity(all_pixels * history * view_bytes, BYTES),
            f"{learn_hours:,.0f}", quantity(all_pixels * view_bytes / asked.revisit, BYTES), f"{night_hours:,.1f}",
            quantity(state, BYTES), *(f"{amount:,.0f} {asked.currency}" for amount in (
                learn_hours * asked.core_hour, nights * asked.core_hour, 12 * state / 1e9 * asked.gigabyte_month))]) + " |")
    lines += [
        "", "What this leaves out: clouds make views cheaper; overlap of orbits and tiles makes them more; reading scenes from",
        "where they lie may cost; learning from many more views a year than were measured costs more a view (medians); leads",
        "cost a second look each; and no machine has yet run an area of this size."]
    text = "\n".join(lines) + "\n"
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
