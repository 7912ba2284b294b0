"""What the environment says: every setting, its default and its rule. All faults are listed at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from commandcenter.errors import SettingsFault
from commandcenter.identity_provider import IdentityProvider, read_provider
from commandcenter.loopback import is_loopback
from commandcenter.text import Language, Text

PREFIX = "COMMANDCENTER_"
SIZES = ("district", "city", "yichang")


@dataclass(frozen=True)
class Settings:
    """One process's settings. ``app_dsn`` is filled when the database has been found or started."""

    city: str = "longsha"
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8050
    data_dir: Path = Path(".local")
    language: Language = "zh"
    test_data: Path = Path("../shared/data")
    demo_size: str = "district"
    demo_seed: int = 230202
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    tile_cache_mb: int = 256
    pool_size: int = 4
    keep_uploads_days: int = 30
    identity_provider: IdentityProvider | None = None
    app_dsn: str | None = None

    @property
    def database_name(self) -> str:
        """One database a city."""
        return f"commandcenter_{self.city}"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    def with_dsn(self, app_dsn: str) -> Settings:
        """The same settings, now knowing where the application role connects."""
        return replace(self, app_dsn=app_dsn)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Settings from ``COMMANDCENTER_*``; raises SettingsFault listing every fault."""
        env = os.environ if environment is None else environment
        faults: list[Text] = []

        def number(name: str, default: int, low: int, high: int) -> int:
            raw = env.get(PREFIX + name, "").strip()
            if not raw:
                return default
            if not raw.lstrip("-").isdigit() or not low <= int(raw) <= high:
                faults.append(
                    Text(
                        f"{PREFIX}{name} 应为 {low} 到 {high} 的整数，现为“{raw}”。",
                        f"{PREFIX}{name} must be a whole number from {low} to {high}, not '{raw}'.",
                    )
                )
                return default
            return int(raw)

        def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
            raw = env.get(PREFIX + name, "").strip() or default
            if raw not in allowed:
                listed = ", ".join(allowed)
                faults.append(
                    Text(f"{PREFIX}{name} 应为 {listed} 之一，现为“{raw}”。", f"{PREFIX}{name} must be one of {listed}, not '{raw}'.")
                )
                return default
            return raw

        def path(name: str) -> Path | None:
            raw = env.get(PREFIX + name, "").strip()
            if not raw:
                return None
            if not Path(raw).is_file():
                faults.append(Text(f"{PREFIX}{name} 指向的文件不存在：{raw}。", f"{PREFIX}{name} names a file that is not there: {raw}."))
            return Path(raw)

        city = env.get(PREFIX + "CITY", "").strip() or cls.city
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", city):
            faults.append(
                Text(
                    f"{PREFIX}CITY 只能用小写字母、数字和下划线，现为“{city}”。",
                    f"{PREFIX}CITY must be lower-case letters, digits and underscores, not '{city}'.",
                )
            )
        identity_provider, wrong = read_provider(lambda name: env.get(name, "").strip())
        faults += wrong
        language = one_of("LANGUAGE", "zh", get_args(Language))
        settings = cls(
            city=city,
            database_url=env.get(PREFIX + "DATABASE_URL", "").strip() or None,
            host=env.get(PREFIX + "HOST", "").strip() or cls.host,
            port=number("PORT", cls.port, 1, 65535),
            data_dir=Path(env.get(PREFIX + "DATA_DIR", "").strip() or ".local"),
            language="en" if language == "en" else "zh",
            test_data=Path(env.get(PREFIX + "TEST_DATA", "").strip() or "../shared/data"),
            demo_size=one_of("DEMO_SIZE", "district", SIZES),
            demo_seed=number("DEMO_SEED", cls.demo_seed, 0, 2**31 - 1),
            tls_cert=path("TLS_CERT"),
            tls_key=path("TLS_KEY"),
            trusted_proxies=tuple(p.strip() for p in env.get(PREFIX + "TRUSTED_PROXIES", "").split(",") if p.strip()),
            tile_cache_mb=number("TILE_CACHE_MB", cls.tile_cache_mb, 0, 16384),
            pool_size=number("POOL_SIZE", cls.pool_size, 1, 64),
            keep_uploads_days=number("KEEP_UPLOADS_DAYS", cls.keep_uploads_days, 1, 36_500),
            identity_provider=identity_provider,
        )
        faults += _exposure_faults(settings)
        if faults:
            raise SettingsFault(Text(" ".join(f.zh for f in faults), " ".join(f.en for f in faults)))
        return settings


def _exposure_faults(settings: Settings) -> list[Text]:
    """Serving other machines is a choice: it needs a certificate, or a reverse proxy that is named."""
    if (settings.tls_cert is None) != (settings.tls_key is None):
        return [Text("TLS_CERT 与 TLS_KEY 必须同时给出。", "TLS_CERT and TLS_KEY go together: one is missing.")]
    if settings.on_loopback or settings.tls_cert or settings.trusted_proxies:
        return []
    return [
        Text(
            f"拒绝在 {settings.host} 上明文服务：请给出 {PREFIX}TLS_CERT 与 {PREFIX}TLS_KEY，或用 {PREFIX}TRUSTED_PROXIES 写明反向代理。",
            f"Refusing to serve {settings.host} in clear text: give {PREFIX}TLS_CERT and {PREFIX}TLS_KEY, "
            f"or name the reverse proxy in {PREFIX}TRUSTED_PROXIES.",
        )
    ]
