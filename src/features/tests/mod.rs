mod causal;
mod kinds;
mod normalise;
mod oracles;
mod refusals;
