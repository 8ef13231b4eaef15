mod causal;
mod every_indicator;
mod kinds;
mod normalise;
mod oracles;
mod refusals;
