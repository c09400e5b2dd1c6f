"""What things cost in the demo city: fares, a parking lot, water. Data, put into force by finance and a supervisor."""

from typing import Any

LINES = ((26, "26 路"), (5, "5 路"))
BASE_FARE_FEN = 200
LOT = "people_square"
WATER_RULE = "water_home"
FREE_MINUTES = 30
CAP_FEN = 300
"""What an adult pays at most for the rides of one day; reckoned in the night, when all rides are in."""

TRANSIT: dict[str, Any] = {
    # The demo is played at any hour: its operating day turns when few people play.
    "day_starts": "04:00",
    "classes": {
        "01": {"name": "adult", "title": "普通卡"},
        "02": {"name": "student", "title": "学生卡"},
        "03": {"name": "senior70", "title": "老年卡"},
        "04": {"name": "care", "title": "爱心卡"},
    },
    "modes": {"bus": {"title": "公交"}},
    "lines": {str(number): {"title": name, "mode": "bus", "fare": {"flat": "2.00"}} for number, name in LINES},
    "concessions": [
        {"classes": ["01"], "pays": "0.9", "sponsor": "transport_fund"},
        {"classes": ["02"], "pays": "0.5", "sponsor": "education_fund"},
        {"classes": ["03"], "pays": "0", "sponsor": "elderly_fund"},
        {"classes": ["04"], "pays": "0", "sponsor": "veterans_fund"},
    ],
    "transfers": [{"minutes": 60, "less": "1.00", "most_in_a_row": 1, "sponsor": "transport_fund"}],
    "caps": [{"name": "day_cap", "classes": ["01"], "period": "day", "most": "3.00", "sponsor": "transport_fund"}],
}
PARKING: dict[str, Any] = {
    LOT: {
        "title": "人民广场停车场",
        # Taicang charges from 7:00 to 21:00. The demo's day is played at any hour, so here the night is charged as well.
        "source": {
            "page": "太仓市发展和改革委员会, answer to a resident; here without its free night",
            "grade": "B",
            "date": "unknown",
        },
        "free": {"minutes": FREE_MINUTES},
        "period": "24_hours",
        "charges": [
            {
                "steps": [
                    {"up_to_minutes": 60, "each_minutes": 60, "price": "5.00"},
                    {"each_minutes": 30, "price": "2.00"},
                ]
            }
        ],
        "most_a_period": "40.00",
    }
}
UTILITIES: dict[str, Any] = {
    WATER_RULE: {
        "title": "居民生活用水",
        "source": {
            "page": "a monthly water price with sewage charge, as somebody printed it",
            "grade": "C",
            "date": "unknown",
            "sample": True,
        },
        "unit": "t",
        "tiers": {
            "per": "month",
            "steps": [{"up_to": "20", "price": "1.80"}, {"up_to": "30", "price": "2.70"}, {"price": "3.60"}],
        },
        "add_ons": [{"name": "sewage", "title": "污水处理费", "price": "0.95"}],
    }
}
TARIFF: dict[str, Any] = {
    "name": "Demo City prices",
    "currency": "CNY",
    "source": {
        "page": "made for the demo after published price lists",
        "grade": "K",
        "date": "2026-01",
        "sample": True,
    },
    "transit": TRANSIT,
    "parking": PARKING,
    "utilities": UTILITIES,
}
