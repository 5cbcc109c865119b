"""Reads what modules hold, past everything their classes override; runs none of their code."""
