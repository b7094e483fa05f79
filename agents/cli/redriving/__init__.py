"""`tocsin deliveries redrive` and `tocsin dead-letters redrive`: what failed is sent anew."""
