"""What things cost in the demo city: fares, a parking lot, water. Data, put into force by finance and a supervisor."""

from typing import Any

LINES = ((26, "26 路"), (5, "5 路"))
BASE_FARE_FEN = 200
LOT = "people_square"
WATER_RULE = "water_home"
FREE_MINUTES = 30

FARES: dict[str, Any] = {
    "transfer": {
        "window_s": 3600,
        "window_inclusive": True,
        "anchor": "previous",
        "same_line": False,
        "reduce_fen": 100,
        "order": "discount_then_reduce",
        "max_count": 1,
    },
    "lines": {str(number): {"base_fen": BASE_FARE_FEN} for number, _ in LINES},
    "classes": {
        "01": {"name": "adult", "numerator": 9, "denominator": 10, "sponsor": "transport_fund"},
        "02": {"name": "student", "numerator": 5, "denominator": 10, "sponsor": "education_fund"},
        "03": {"name": "senior70", "numerator": 0, "denominator": 10, "sponsor": "elderly_fund"},
        "04": {"name": "care", "numerator": 0, "denominator": 10, "sponsor": "veterans_fund"},
    },
    "rounding": "half_up",
}
PARKING: dict[str, Any] = {
    LOT: {
        "name": "人民广场停车场",
        "free_minutes": FREE_MINUTES,
        "first": {"minutes": 60, "fen": 500},
        "step": {"minutes": 30, "fen": 200},
        "cap": {"hours": 24, "fen": 4000},
        # Taicang charges from 7:00 to 21:00. The demo's day is played at any hour, so here the night is charged as well.
        "charged": None,
        "source": "太仓市发展和改革委员会, answer to a resident; here without its free night",
    }
}
UTILITIES: dict[str, Any] = {
    WATER_RULE: {
        "name": "居民生活用水",
        "unit": "t",
        "tiers": [{"up_to": 20, "fen": 180}, {"up_to": 30, "fen": 270}, {"up_to": None, "fen": 360}],
        "add_ons": [{"name": "sewage", "fen": 95}],
        "source": "monthly water price with sewage charge, as printed",
    }
}
TARIFF: dict[str, Any] = {**FARES, "parking": PARKING, "utilities": UTILITIES}
