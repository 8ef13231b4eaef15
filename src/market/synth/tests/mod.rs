mod bootstrap;
mod exact;
mod fit;
mod moments;
mod shape;
mod statistics;
