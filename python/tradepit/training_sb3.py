"""PPO of Stable-Baselines3, with its normaliser, so that it trains, saves and acts as the native one does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .data import MarketData
from .errors import FileError, StateError
from .spec import read_spec
from .training import Kind, Progress, Settings


def train_sb3(
    data: MarketData, spec: Mapping[str, Any], steps: int, seed: int, settings: Settings, on_progress: Progress
) -> Sb3Agent:
    """Trains on the Rust batch, under ``VecNormalize``."""
    ppo, base_callback, vec_normalize = _sb3()
    import torch

    from .sb3 import make_vec_env

    envs = make_vec_env(num_envs=settings.num_envs, data=data, seed=seed, **spec)
    envs = vec_normalize(envs, gamma=settings.gamma)

    class Report(base_callback):  # type: ignore[misc,valid-type]
        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            known = self.model.ep_info_buffer or ()
            mean = float(np.mean([episode["r"] for episode in known])) if known else None
            # What the update before this rollout said of itself.
            said = self.logger.name_to_value
            loss = said.get("train/entropy_loss")
            on_progress(
                {
                    "steps": self.num_timesteps,
                    "total_steps": steps,
                    "ep_rew_mean": mean,
                    "entropy": None if loss is None else -loss,
                    "explained_variance": said.get("train/explained_variance"),
                    "approx_kl": said.get("train/approx_kl"),
                }
            )

    rate = settings.learning_rate
    model = ppo(
        "MlpPolicy",
        envs,
        n_steps=settings.n_steps,
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        learning_rate=(lambda left: rate * left) if settings.anneal_lr else rate,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        ent_coef=settings.ent_coef,
        policy_kwargs={"log_std_init": settings.log_std_init},
        seed=seed,
        device="cpu",
    )
    threads = torch.get_num_threads()
    # For networks this small, waking a second thread takes many times as long as the work.
    torch.set_num_threads(1)
    try:
        model.learn(steps, callback=Report())
    finally:
        torch.set_num_threads(threads)
    mean_std = envs.obs_rms
    # Stable-Baselines3 saves every attribute of a model that JSON knows.
    model.tradepit = {
        "spec": read_spec(spec),
        "mean": mean_std.mean.tolist(),
        "deviation": np.sqrt(mean_std.var + envs.epsilon).tolist(),
        "clip": float(envs.clip_obs),
    }
    envs.close()
    return Sb3Agent(model)


def load_sb3(path: str | os.PathLike[str]) -> Sb3Agent:
    """The agent that ``Sb3Agent.save`` wrote."""
    ppo, _, _ = _sb3()
    try:
        model = ppo.load(path, device="cpu")
    except Exception as error:  # nobody knows what a foreign file makes a reader raise
        raise FileError(f"{os.fspath(path)}: Stable-Baselines3 can't read it: {error}") from error
    if not hasattr(model, "tradepit"):
        raise FileError(
            f"{os.fspath(path)}: this model was saved without its environment; train it with `tradepit train --agent sb3`"
        )
    return Sb3Agent(model)


class Sb3Agent:
    """A model of Stable-Baselines3 with the environment's spec and the observation normaliser."""

    kind: Kind = "sb3"
    name = "SB3 PPO"

    def __init__(self, model: Any) -> None:
        self._model = model
        own = model.tradepit
        self._spec = dict(own["spec"])
        self._mean, self._deviation = np.array(own["mean"]), np.array(own["deviation"])
        self._clip = float(own["clip"])

    @property
    def spec(self) -> dict[str, Any]:
        """The environment's fields."""
        return self._spec

    def predict(self, observation: NDArray[np.float32], *, deterministic: bool = True) -> tuple[Any, Any]:
        """An action for an observation as the environment gives it."""
        scaled = np.clip((observation - self._mean) / self._deviation, -self._clip, self._clip).astype(np.float32)
        action, state = self._model.predict(scaled, deterministic=deterministic)
        return action, state

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes one zip file, which ``stable_baselines3.PPO.load`` reads as well."""
        # A path without a suffix would get one; an open file is written as it is.
        with open(path, "wb") as file:
            self._model.save(file)


def _sb3() -> tuple[Any, Any, Any]:
    try:
        from stable_baselines3 import PPO
        from stable_baselines3.common.callbacks import BaseCallback
        from stable_baselines3.common.vec_env import VecNormalize
    except ImportError as error:
        raise StateError("Stable-Baselines3 is not installed: pip install 'tradepit[sb3]'") from error
    return PPO, BaseCallback, VecNormalize
