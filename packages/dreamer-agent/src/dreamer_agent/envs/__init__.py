"""Gymnasium environments as rows of experience: made, stepped together, judged. No agent."""
