"""Which organization an e-mail domain belongs to. Pure rules."""

from __future__ import annotations

from collections.abc import Collection

_PUBLIC = """
    aim.com aliyun.com aol.com arcor.de att.net bellsouth.net bluewin.ch bol.com.br btinternet.com charter.net
    comcast.net cox.net daum.net duck.com earthlink.net email.com fastmail.com fastmail.fm foxmail.com free.fr
    freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com hotmail.co.uk
    hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.lv interia.pl jubii.dk
    laposte.net libero.it list.ru live.co.uk live.com live.fr live.nl mac.com mail.com mail.de mail.ru mailbox.org
    me.com mindspring.com msn.com naver.com o2.pl onet.pl online.de optonline.net optusnet.com.au orange.fr
    outlook.com outlook.de outlook.es outlook.fr pm.me posteo.de posteo.net proton.me protonmail.ch protonmail.com
    qq.com rambler.ru rediff.com rediffmail.com rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz
    sfr.fr shaw.ca sina.com skynet.be sohu.com surfeu.de sympatico.ca t-online.de telenet.be terra.com.br tiscali.it
    tutanota.com tuta.io uol.com.br verizon.net virgilio.it vodafone.it wanadoo.fr web.de wp.pl xs4all.nl yahoo.ca
    yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.de yahoo.es yahoo.fr
    yahoo.ie yahoo.in yahoo.it yahoo.nl yahoo.no yahoo.pt yahoo.se yandex.com yandex.ru yeah.net ymail.com ziggo.nl
    zoho.com 126.com 163.com 21cn.com
"""
PUBLIC_MAIL_DOMAINS = frozenset(_PUBLIC.split())
"""Host names under which anybody can have an address: mail providers and internet providers, as far as we know them."""


def is_public(domain: str) -> bool:
    """Whether anybody can have an address at the domain: claiming it gives a warning and assigns nobody."""
    return domain in PUBLIC_MAIL_DOMAINS


def domain_of(email_key: str) -> str:
    """The domain of a normalised e-mail address."""
    return email_key.rpartition("@")[2]


def claimed_alone(domain: str, claimants: Collection[str]) -> str | None:
    """The organization that people with that domain belong to: its only claimant, and none if it is public."""
    return next(iter(claimants)) if len(claimants) == 1 and not is_public(domain) else None
