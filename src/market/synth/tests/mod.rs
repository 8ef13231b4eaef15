mod moments;
mod shape;
mod statistics;
