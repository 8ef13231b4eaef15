"""What tradepit is compared with, a file each."""
