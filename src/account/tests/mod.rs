mod trades;
