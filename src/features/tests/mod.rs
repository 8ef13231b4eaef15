mod causal;
mod oracles;
mod refusals;
