"""Hold the desk as a new project finds it: a few customers, their tickets and the shift."""

from __future__ import annotations

from runtime.kit.json_value import JsonObject

_NEW_TICKET: JsonObject = {
    "status": "open",
    "priority": "normal",
    "team": "support",
    "assignee": None,
    "tags": [],
    "order_id": None,
    "order_total_cents": 0,
    "refunded_cents": 0,
    "last_reply": "",
    "last_note": "",
    "merged_into": None,
}
_NEW_CUSTOMER: JsonObject = {
    "tier": "standard",
    "blocked": False,
    "block_reason": None,
    "erased": False,
}

TICKETS: JsonObject = {
    "t_100": {
        **_NEW_TICKET,
        "customer": "c_1",
        "subject": "Stehlampe zerbrochen",
        "message": "Der Schirm der Lampe kam zerbrochen an. Was nun?",
        "assignee": "a_bruno",
        "tags": ["damaged"],
        "order_id": "o_5001",
        "order_total_cents": 5900,
    },
    "t_101": {
        **_NEW_TICKET,
        "customer": "c_2",
        "subject": "Consegna in ritardo",
        "message": "Aspetto la libreria da tre settimane.",
        "priority": "high",
        "assignee": "a_aylin",
        "tags": ["late"],
        "order_id": "o_5002",
        "order_total_cents": 12800,
    },
    "t_102": {
        **_NEW_TICKET,
        "customer": "c_3",
        "subject": "Which bulb fits?",
        "message": "Does the Orbit lamp take E14 or E27 bulbs?",
        "status": "pending",
        "priority": "low",
        "assignee": "a_bruno",
        "last_reply": "The Orbit takes E27 bulbs up to 60 W.",
    },
    "t_103": {
        **_NEW_TICKET,
        "customer": "c_4",
        "subject": "Machine à café en panne",
        "message": "La machine ne chauffe plus depuis hier.",
        "priority": "urgent",
        "assignee": "a_aylin",
        "tags": ["defect"],
        "order_id": "o_5003",
        "order_total_cents": 149900,
    },
    "t_104": {
        **_NEW_TICKET,
        "customer": "c_3",
        "subject": "Charged twice for the rug",
        "message": "My card shows the rug two times.",
        "priority": "high",
        "tags": ["billing"],
        "order_id": "o_5004",
        "order_total_cents": 8400,
        "refunded_cents": 2000,
    },
    "t_105": {
        **_NEW_TICKET,
        "customer": "c_3",
        "subject": "Re: charged twice",
        "message": "Any news about the double charge for the rug?",
        "tags": ["billing"],
        "order_id": "o_5004",
        "order_total_cents": 8400,
    },
    "t_106": {
        **_NEW_TICKET,
        "customer": "c_5",
        "subject": "Passwort vergessen",
        "message": "Der Link hat geklappt, danke!",
        "status": "resolved",
        "assignee": "a_bruno",
        "tags": ["account"],
    },
    "t_107": {
        **_NEW_TICKET,
        "customer": "c_6",
        "subject": "Talla equivocada",
        "message": "Pedí la M y me llegó la S.",
        "tags": ["wrong-item"],
        "order_id": "o_5005",
        "order_total_cents": 4550,
    },
    "t_108": {
        **_NEW_TICKET,
        "customer": "c_5",
        "subject": "Kissen fehlt",
        "message": "Erstattung ist da, danke.",
        "status": "closed",
        "priority": "low",
        "assignee": "a_dmitri",
        "tags": ["missing-item"],
        "order_id": "o_5006",
        "order_total_cents": 2999,
        "refunded_cents": 2999,
    },
}

CUSTOMERS: JsonObject = {
    "c_1": {
        **_NEW_CUSTOMER,
        "name": "Maria Schneider",
        "email": "maria.schneider@mail.example",
        "language": "de",
    },
    "c_2": {
        **_NEW_CUSTOMER,
        "name": "Maria Rossi",
        "email": "m.rossi@posta.example",
        "language": "it",
    },
    "c_3": {
        **_NEW_CUSTOMER,
        "name": "Tom Baker",
        "email": "tom@baker.example",
        "tier": "gold",
        "language": "en",
    },
    "c_4": {
        **_NEW_CUSTOMER,
        "name": "Élise Martin",
        "email": "elise.martin@courriel.example",
        "tier": "gold",
        "language": "fr",
    },
    "c_5": {
        **_NEW_CUSTOMER,
        "name": "Jonas Weber",
        "email": "jonas.weber@mail.example",
        "language": "de",
    },
    "c_6": {
        **_NEW_CUSTOMER,
        "name": "Lucía Gómez",
        "email": "lucia@correo.example",
        "language": "es",
    },
    "c_7": {
        **_NEW_CUSTOMER,
        "name": "Greta Lind",
        "email": "greta.lind@mail.example",
        "language": "en",
        "blocked": True,
        "block_reason": "Four chargebacks in one month.",
    },
}

DESK: JsonObject = {
    "currency": "EUR",
    "refund_pool_cents": 200_000,
    "refund_pool_daily_cents": 250_000,
    "agents": {
        "a_aylin": {"name": "Aylin Demir", "role": "lead", "team": "support", "on_shift": True},
        "a_bruno": {"name": "Bruno Keller", "role": "agent", "team": "support", "on_shift": True},
        "a_chiara": {"name": "Chiara Conti", "role": "agent", "team": "finance", "on_shift": True},
        "a_dmitri": {
            "name": "Dmitri Volkov",
            "role": "agent",
            "team": "technical",
            "on_shift": False,
        },
    },
}
