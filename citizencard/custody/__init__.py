"""Who has done what to the city's keys, where each PSAM is, and which chips still hold which keys."""
