QUESTIONS = [
    {"question": "Which planet has rings?", "options": ["Mars", "Saturn"], "answer": "Saturn"},
    {"question": f"Which is {1}?", "options": ("Mars", "Saturn"), "answer": "Mars"},
]
