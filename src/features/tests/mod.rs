mod causal;
mod every_indicator;
mod kinds;
mod normalise;
mod oracles;
mod pairs;
mod refusals;
