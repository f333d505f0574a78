"""The day on which law or terms change: whose contract answers otherwise, both answers, and the letters."""
