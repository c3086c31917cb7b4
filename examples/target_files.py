"""Write the files that docs/targets.md and docs/data.md train on: into the folder named, or else the current one."""

from __future__ import annotations

import random
import sys
from pathlib import Path

OTHER = ["the", "a", "of", "and", "new", "week", "today", "people", "city", "report", "says", "plan", "after", "first"]
TOPICS = {
    "sport": ["match", "goal", "team", "coach"],
    "money": ["bank", "price", "market", "tax"],
    "health": ["doctor", "virus", "clinic", "vaccine"],
}


def write_news(folder):
    """Texts of no, one or two topics."""
    draw = random.Random(0)
    rows = ["text,topics"]
    for _ in range(300):
        topics = draw.sample(list(TOPICS), draw.choices([0, 1, 2], [1, 6, 3])[0])
        # One word in six is of any topic.
        about = [draw.choice(list(TOPICS)) if draw.random() < 1 / 6 else topic for topic in topics for _ in range(2)]
        words = [draw.choice(TOPICS[topic]) for topic in about] + draw.sample(OTHER, 6)
        rows.append(f'{" ".join(words)},"{",".join(topics)}"')
    (folder / "news.csv").write_text("\n".join(rows) + "\n")


def write_scales(folder):
    """Texts of zero to four telling words out of four: alone, and with their shares, votes, stars and priorities."""
    draw = random.Random(1)
    low, high = ["lunch", "meeting", "report", "dull"], ["win", "money", "prize", "great"]
    files = {
        "texts.csv": ["text"],
        "soft.csv": ["text,P(ham),P(spam)"],
        "votes.csv": ["text,ham,spam"],
        "reviews.csv": ["text,stars"],
        "tickets.csv": ["text,priority"],
    }
    for _ in range(200):
        k = draw.randint(0, 4)
        words = [draw.choice(high) for _ in range(k)] + [draw.choice(low) for _ in range(4 - k)]
        text = " ".join(words + draw.sample(OTHER, 4))
        priority = ("low", "low", "medium", "medium", "high")[k]
        labels = "", f",{(4.5 - k) / 5:.1f},{(k + 0.5) / 5:.1f}", f",{4 - k},{k}", f",{k + 1}", f",{priority}"
        for rows, label in zip(files.values(), labels, strict=True):
            rows.append(text + label)
    for name, rows in files.items():
        (folder / name).write_text("\n".join(rows) + "\n")


def main():
    folder = Path(*sys.argv[1:])
    write_news(folder)
    write_scales(folder)
    print("wrote news.csv, soft.csv, votes.csv, reviews.csv, tickets.csv and texts.csv")


if __name__ == "__main__":
    main()
