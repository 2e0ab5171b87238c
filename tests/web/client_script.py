"""A client with the key of its tab, for the scripts of tests."""

from __future__ import annotations

from typing import Final

KEY: Final = "ada-0123456789"

CLIENT: Final = """
const clientThatAsks = async (prompt, onPause = ignore) => {
  const { createKey } = await script("key.js");
  const { createClient } = await script("api.js");
  const key = createKey(prompt);
  return { key, client: createClient(key, onPause) };
};
const tick = () => new Promise((resolve) => setTimeout(resolve));
"""
