"""Data protection: the room where a personal data breach is told, as the contract and the law ask for it."""
