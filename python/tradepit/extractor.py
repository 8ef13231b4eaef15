"""Observations by index for the policies of Stable-Baselines3; :mod:`tradepit.sb3` has the names."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

from .errors import SpecError
from .gather import WindowGather
from .spaces import IndexedSpace


class WindowExtractor(BaseFeaturesExtractor):
    """Gathers the windows of observations by index: what is behind it sees what it would see by window, the same bits.

    >>> from stable_baselines3 import PPO
    >>> from tradepit.sb3 import WindowExtractor, make_vec_env
    >>> envs = make_vec_env(n_envs=16, data="es_1m", observe="index")
    >>> model = PPO("MlpPolicy", envs, policy_kwargs={"features_extractor_class": WindowExtractor},
    ...     n_steps=8, batch_size=64, n_epochs=1, device="cpu").learn(128)
    >>> model.rollout_buffer.observations.size == 8 * 16 * 7, model.policy.mlp_extractor.policy_net[0].in_features
    (True, 517)

    It has no weights, and a saved model does not carry the features; see :class:`tradepit.gather.WindowGather`. Observations
    that are windows already go through as they are.
    """

    def __init__(self, observation_space: spaces.Space[Any]) -> None:
        if isinstance(observation_space, IndexedSpace):
            super().__init__(observation_space, observation_space.gathered.shape[0])
            self.gather: nn.Module = WindowGather(observation_space.window)
        elif isinstance(observation_space, spaces.Box) and len(observation_space.shape) == 1:
            super().__init__(observation_space, observation_space.shape[0])
            self.gather = nn.Identity()
        else:
            raise SpecError(f"features_extractor_class: WindowExtractor can't read observations of {observation_space}")

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """The windows and the other numbers, a row each."""
        return self.gather(observations)  # type: ignore[no-any-return]


def read_windows(model: Any) -> Any:
    """The same model, from here on for observations by window: to act in a live session, or in any environment of the pipeline.

    A model that was trained by index (:class:`WindowExtractor`) has the weights of one that was trained by window. Save it and
    load it with an environment by window to go on learning there.

    >>> from stable_baselines3 import PPO
    >>> import tradepit
    >>> from tradepit.sb3 import WindowExtractor, make_vec_env, read_windows
    >>> envs = make_vec_env(n_envs=2, data="es_1m", observe="index")
    >>> model = PPO("MlpPolicy", envs, policy_kwargs={"features_extractor_class": WindowExtractor}, device="cpu")
    >>> obs, _ = tradepit.TradingEnv("es_1m").reset(seed=0)
    >>> read_windows(model).predict(obs)[0].shape
    (1,)

    Raises:
        tradepit.errors.SpecError: If the model does not observe by index.
    """
    space = model.observation_space
    if not isinstance(space, IndexedSpace):
        raise SpecError(f"model: its observations are not by index, but of {space}")
    model.observation_space = space.gathered
    for part in model.policy.modules():
        if getattr(part, "observation_space", None) == space:
            part.observation_space = space.gathered
        if isinstance(part, WindowExtractor):
            part._observation_space, part.gather = space.gathered, nn.Identity()
    return model
