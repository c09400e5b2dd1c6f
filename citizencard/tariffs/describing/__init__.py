"""Tariff documents for people: tables and sentences in Chinese and English, and what is different between two of them."""
