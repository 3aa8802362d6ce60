"""Things without a domain: phone numbers, clock, QR pictures, clients of our own processes."""
