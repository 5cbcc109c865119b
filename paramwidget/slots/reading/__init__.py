"""Reads what modules hold, whatever their classes override; runs none of their code."""
