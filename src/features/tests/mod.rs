mod causal;
mod every_indicator;
mod oracles;
mod refusals;
