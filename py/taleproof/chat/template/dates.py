# SPDX-License-Identifier: Apache-2.0
"""A date as text, by strftime's codes, in English on every machine.

Only what a calendar date decides is known here. Refused: the time of day and the time zone, which a story's record does
not hold, and what follows the locale, such as %c.
"""

import re
from datetime import date

from taleproof.chat.template.budget import TemplateRefusal


MONTHS = ["January", "February", "March", "April", "May", "June"]
MONTHS += ["July", "August", "September", "October", "November", "December"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def format_date(day: date, template: str) -> str:
    """Return ``template`` with its codes replaced.

    Raises
    ------
    TemplateRefusal : a code whose text does not follow from the date alone.
    """

    def replace(match: re.Match[str]) -> str:
        bare, code = match[1] == "-", match[2]
        month, weekday, of_year = MONTHS[day.month - 1], DAYS[day.weekday()], day.timetuple().tm_yday
        words = {"B": month, "b": month[:3], "h": month[:3], "A": weekday, "a": weekday[:3], "%": "%"}
        numbers = {
            "d": (day.day, 2),
            "m": (day.month, 2),
            "y": (day.year % 100, 2),
            "Y": (day.year, 4),
            "j": (of_year, 3),
        }
        wholes = {"F": "%Y-%m-%d", "D": "%m/%d/%y"}
        if code in numbers and not (bare and code == "Y"):
            number, width = numbers[code]
            return str(number) if bare else f"{number:0{width}}"
        if code == "e" and not bare:
            return f"{day.day:2}"
        if code in "uw" and code and not bare:
            return str(day.isoweekday() % (8 if code == "u" else 7))
        if code in wholes and not bare:
            return format_date(day, wholes[code])
        if code in words and not bare:
            return words[code]
        raise TemplateRefusal(f"it asks for the date as {match[0]}, which differs between machines or moments")

    return re.sub(r"%(-?)(.?)", replace, template, flags=re.DOTALL)
