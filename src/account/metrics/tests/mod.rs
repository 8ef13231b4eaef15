mod oracles;
mod run;
