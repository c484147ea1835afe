"""Tool definitions, calls, and answers from tool results."""

import json
import re

from dialogue import filler, gen_chat, gen_faq, gen_note
from pools import CITIES, NAMES, WORDS, S, convo, number, rough


def schema(name, desc, props, required=None):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": desc,
            "parameters": {"type": "object", "properties": props, "required": required or list(props)},
        },
    }


def prop(kind, desc=None, enum=None):
    p = {"type": kind}
    if desc:
        p["description"] = desc
    if enum:
        p["enum"] = enum
    return p


def tool_case(r, test, kind=None):
    """A tool, a request for it, the arguments, a tool result, and the answer from that result."""
    d = lambda text: text if r.random() < 0.5 else None
    kind = kind or r.choice(
        ["weather"] * 3
        + ["calc"] * 2
        + ["time"] * 2
        + ["search"] * 2
        + ["convert", "email", "timer", "translate", "stock", "music", "light", "random", "random", "random"]
    )
    if kind == "weather":
        n = r.choice(["get_weather", "get_weather", "get_current_weather", "weather", "weather_lookup"])
        p = r.choice(["city", "city", "location", "place"])
        c = CITIES.pick(r, test)
        t = schema(
            n,
            r.choice(["Get the weather for a city", "Current weather in a city", "Look up the weather."]),
            {p: prop("string", d("City name"))},
        )
        args = {p: c}
        if r.random() < 0.25:
            t["function"]["parameters"]["properties"]["unit"] = prop("string", None, ["celsius", "fahrenheit"])
            if r.random() < 0.5:
                u = r.choice(["celsius", "fahrenheit"])
                args["unit"] = u
                t["function"]["parameters"]["required"] = [p]
                q = r.choice(["What is the weather in {c} in {u}?", "Weather in {c}, in {u} please."]).format(c=c, u=u)
            else:
                t["function"]["parameters"]["required"] = [p]
                q = f"What is the weather in {c}?"
        else:
            q = r.choice(
                [
                    "What is the weather in {c}?",
                    "How is the weather in {c}?",
                    "What's the weather like in {c} today?",
                    "Is it cold in {c}?",
                    "Weather in {c}?",
                    "Do I need an umbrella in {c}?",
                    "Tell me the weather for {c}.",
                    "Is it raining in {c}?",
                    "How warm is it in {c}?",
                ]
            ).format(c=c)
        deg, sky = r.randrange(-9, 38), r.choice(["sunny", "cloudy", "rainy", "windy", "snowy", "foggy", "clear"])
        k = r.choice(
            [("temperature", "condition"), ("temp", "sky"), ("temperature", "weather"), ("temp_c", "conditions")]
        )
        return t, q, args, {k[0]: deg, k[1]: sky}, f"It is {deg} degrees and {sky} in {c}.", [str(deg), sky]
    if kind == "calc":
        n = r.choice(["calculator", "calculate", "eval_math", "math"])
        p = r.choice(["expression", "expression", "expr", "input"])
        op = r.choice("+-*/")
        a, b = number(r, r.choice([2, 3, 4])), number(r, r.choice([1, 2, 3])) + 1
        e = f"{a} {op} {b}"
        v = {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[op]
        t = schema(
            n,
            r.choice(["Evaluate an arithmetic expression", "Do a calculation", "A calculator."]),
            {p: prop("string", d("The expression"))},
        )
        w = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}[op]
        q = r.choice(
            [
                "What is {e}?",
                "Calculate {e}.",
                "Compute {e} for me.",
                "Use the calculator: {e}",
                f"What is {a} {w} {b}?",
                "How much is {e}?",
            ]
        ).format(e=e)
        return t, q, {p: e}, {"result": v}, f"{e} = {v}", [str(v)]
    if kind == "time":
        n = r.choice(["get_time", "get_current_time", "current_time", "clock"])
        p = r.choice(["city", "location", "timezone"])
        c = CITIES.pick(r, test)
        t = schema(
            n,
            r.choice(["Get the current time in a city", "Local time in a place"]),
            {p: prop("string", d("Name of the city"))},
        )
        q = r.choice(
            [
                "What time is it in {c}?",
                "What's the time in {c}?",
                "Current time in {c}?",
                "Tell me the time in {c}.",
                "Is it late in {c}?",
            ]
        ).format(c=c)
        tm = f"{r.randrange(24):02d}:{r.randrange(60):02d}"
        return t, q, {p: c}, {r.choice(["time", "local_time", "now"]): tm}, f"It is {tm} in {c}.", [tm]
    if kind == "search":
        n = r.choice(["search", "web_search", "search_web", "google"])
        p = r.choice(["query", "query", "q", "text"])
        w = " ".join(WORDS.pick(r, test) for _ in range(r.choice([1, 2, 2, 3])))
        t = schema(
            n,
            r.choice(["Search the web", "Look something up on the internet", "Web search"]),
            {p: prop("string", d("What to look for"))},
        )
        q = r.choice(
            [
                "Search for {w}.",
                "Search the web for {w}.",
                "Look up {w}.",
                "Find {w} on the web.",
                "Can you search for {w}?",
                "Google {w}.",
            ]
        ).format(w=w)
        title = " ".join(WORDS.pick(r, test) for _ in range(2))
        return t, q, {p: w}, {"title": title}, f"I found this: {title}.", [title]
    if kind == "convert":
        n = r.choice(["convert", "convert_currency", "convert_units", "exchange"])
        a = number(r, r.choice([1, 2, 3])) + 1
        x, y = (
            r.sample(["USD", "EUR", "GBP", "JPY", "KRW", "CNY"], 2)
            if r.random() < 0.5
            else r.sample(["km", "miles", "feet", "meters", "inches", "cm"], 2)
        )
        ps = r.choice([("amount", "from", "to"), ("value", "from_unit", "to_unit"), ("amount", "source", "target")])
        t = schema(
            n,
            "Convert an amount from one unit to another",
            {ps[0]: prop("number"), ps[1]: prop("string"), ps[2]: prop("string")},
        )
        q = r.choice(
            ["Convert {a} {x} to {y}.", "How much is {a} {x} in {y}?", "What is {a} {x} in {y}?", "{a} {x} to {y}"]
        ).format(a=a, x=x, y=y)
        v = number(r, 3)
        return t, q, {ps[0]: a, ps[1]: x, ps[2]: y}, {"result": v}, f"{a} {x} is {v} {y}.", [str(v)]
    if kind == "email":
        n = r.choice(["send_message", "send_email", "text_contact"])
        ps = r.choice([("to", "text"), ("recipient", "message"), ("name", "body")])
        who, w = NAMES.pick(r, test), " ".join(WORDS.pick(r, test) for _ in range(r.choice([1, 2, 3])))
        t = schema(n, "Send a message to a person", {ps[0]: prop("string"), ps[1]: prop("string")})
        q = r.choice(
            ["Send {n} a message: {w}", "Tell {n}: {w}", "Write to {n}: {w}", "Message {n} the text: {w}"]
        ).format(n=who, w=w)
        return t, q, {ps[0]: who, ps[1]: w}, {"status": "sent"}, f"I sent the message to {who}.", [who]
    if kind == "timer":
        n = r.choice(["set_timer", "start_timer", "timer"])
        p = r.choice(["minutes", "duration"])
        m = r.randrange(1, 90)
        t = schema(n, "Start a timer for some minutes", {p: prop(r.choice(["integer", "number"]))})
        q = r.choice(
            [
                "Set a timer for {m} minutes.",
                "Start a timer of {m} minutes.",
                "Remind me in {m} minutes.",
                "Timer for {m} minutes please.",
            ]
        ).format(m=m)
        return t, q, {p: m}, {"status": "ok"}, f"The timer is set for {m} minutes.", [str(m)]
    if kind == "translate":
        n = r.choice(["translate", "translate_text"])
        lang = r.choice(["French", "German", "Korean", "Spanish", "Chinese"])
        w = " ".join(WORDS.pick(r, test) for _ in range(r.choice([1, 2])))
        ps = r.choice([("text", "language"), ("text", "target")])
        t = schema(n, "Translate text into a language", {ps[0]: prop("string"), ps[1]: prop("string")})
        q = r.choice(["Translate {w} into {l}.", 'Translate "{w}" to {l}.', "What is {w} in {l}?"]).format(w=w, l=lang)
        v = WORDS.pick(r, test)
        return t, q, {ps[0]: w, ps[1]: lang}, {"translation": v}, f"In {lang} it is: {v}.", [v]
    if kind == "stock":
        n = r.choice(["get_stock_price", "stock_price"])
        p = r.choice(["symbol", "ticker"])
        s = "".join(r.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(r.choice([3, 4])))
        t = schema(n, "Get the price of a stock", {p: prop("string")})
        q = r.choice(
            ["What is the price of {s}?", "Stock price of {s}?", "How is {s} doing?", "Get me the {s} price."]
        ).format(s=s)
        v = number(r, 3)
        return t, q, {p: s}, {"price": v}, f"The price of {s} is {v}.", [str(v)]
    if kind == "music":
        n = r.choice(["play_music", "play_song"])
        p = r.choice(["title", "song", "name"])
        w = " ".join(WORDS.pick(r, test) for _ in range(2))
        t = schema(n, "Play a song", {p: prop("string")})
        return (
            t,
            r.choice(["Play {w}.", "Play the song {w}.", "Put on {w}."]).format(w=w),
            {p: w},
            {"status": "playing"},
            f"Now playing {w}.",
            [w],
        )
    if kind == "light":
        n = r.choice(["set_light", "switch_light"])
        room = r.choice(S("kitchen bedroom bathroom office garage hall garden"))
        st = r.choice(["on", "off"])
        ps = r.choice([("room", "state"), ("where", "value")])
        t = schema(n, "Switch a light on or off", {ps[0]: prop("string"), ps[1]: prop("string", None, ["on", "off"])})
        return (
            t,
            r.choice(["Turn {s} the light in the {r}.", "Switch the {r} light {s}."]).format(s=st, r=room),
            {ps[0]: room, ps[1]: st},
            {"status": "ok"},
            f"The {room} light is {st}.",
            [room],
        )
    verb, noun = r.choice(S("find get order book check open delete create rate show track buy")), WORDS.pick(r, test)
    p = r.choice(S("name id title item code label key"))
    t = schema(
        f"{verb}_{noun}",
        r.choice([f"{verb.capitalize()} a {noun}", f"{verb.capitalize()} the {noun} with this {p}"]),
        {p: prop("integer" if p in ("id", "code") else "string")},
    )
    v = number(r, r.choice([2, 3, 4])) if p in ("id", "code") else WORDS.pick(r, test)
    args = {p: v}
    q = r.choice(
        ["{b} the {n} {v}.", "{b} the {n} with {p} {v}.", "Please {l} {n} {v}.", "Can you {l} the {n} {v}?"]
    ).format(b=verb.capitalize(), l=verb, n=noun, p=p, v=v)
    if r.random() < 0.3:
        qty = r.randrange(1, 30)
        p2 = r.choice(["count", "amount", "quantity"])
        t["function"]["parameters"]["properties"][p2] = prop("integer")
        t["function"]["parameters"]["required"].append(p2)
        args[p2] = qty
        q += f" The {p2} is {qty}."
    st = r.choice(["ok", "done", "found", "open", "ready"])
    return t, q, args, {"status": st}, f"The {noun} {v} is {st}.", [st]


def gen_tools(r, test, thinking):
    t, q, args, result, answer, musts = tool_case(r, test)
    name = t["function"]["name"]
    tools = [t]
    for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
        o = tool_case(r, False)[0]
        words = set(re.split("_", o["function"]["name"]))
        if not any(
            words & set(re.split("_", x["function"]["name"]))
            or o["function"]["description"][:12] == x["function"]["description"][:12]
            for x in tools
        ):
            tools.append(o)
    r.shuffle(tools)
    system = r.choice([None, None, None, "You are a helpful assistant."])
    p = r.random()
    if p < 0.16:  # tools are there, but no tool is needed
        line = r.choice([gen_faq, gen_chat, gen_note])(r, test, thinking)
        if line["task"] in ("unknown", "translate", "count_up"):
            line = gen_faq(r, test, thinking)
        line["tools"] = tools
        line["task"] = "tool_none"
        if thinking:
            line["reasoning"] = "No tool is needed here."
        if system:
            line["messages"].insert(0, {"role": "system", "content": system})
        return line
    q = rough(r, q, 0.4) if not re.search("[A-Z]", q[1:]) else q
    call = {"type": "function", "function": {"name": name, "arguments": args}}
    if p < (0.62 if test else 0.3):
        line = convo(
            "tool_call",
            q,
            "",
            f"The tool {name} can do this.",
            thinking,
            check={"call": {"name": name, "arguments": args}},
            system=system,
            tools=tools,
        )
        line["messages"][-1]["tool_calls"] = [call]
        if r.random() < 0.15:
            line["messages"][-2:-2] = filler(r, test)
        return line
    before = [
        {"role": "user", "content": q},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": json.dumps(result, ensure_ascii=False)},
    ]
    line = {
        "task": "tool_answer",
        "thinking": thinking,
        "tools": tools,
        "messages": ([{"role": "system", "content": system}] if system else [])
        + before
        + [{"role": "assistant", "content": answer}],
        "check": {"all": musts},
    }
    if thinking:
        line["call_reasoning"] = f"The tool {name} can do this."
        line["reasoning"] = "I have the result of the tool now."
    return line
