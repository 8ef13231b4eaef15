mod bootstrap;
mod fit;
mod moments;
mod shape;
mod statistics;
