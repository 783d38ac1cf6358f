"""The cloud's APIs, asked within bounds."""
