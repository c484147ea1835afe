"""Frameworks over OpenAI's API against a running server, each as its own documentation has it."""
import asyncio

import pydantic
import pytest

SUM = "What is 12 + 30?"


@pytest.fixture(scope="module")
def base(server):
    return server.url + "/v1"


def weather(city: str) -> str:
    """Current weather of a city.

    Args:
        city: the city's name
    """
    called.append(city)
    return '{"temperature": 21, "sky": "sunny"}'


called = []


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=20)
    age: int = pydantic.Field(ge=0, le=150)


ANNA = "Anna is 31 years old."


@pytest.fixture(autouse=True)
def no_calls():
    called.clear()


def test_litellm(base):
    import litellm
    options = dict(model="openai/swiftlet", api_base=base, api_key="none", temperature=0,
                   messages=[{"role": "user", "content": SUM}])
    reply = litellm.completion(**options, reasoning_effort="low", allowed_openai_params=["reasoning_effort"])
    assert "42" in reply.choices[0].message.content and reply.choices[0].message.reasoning_content.strip()
    assert reply.usage.completion_tokens_details.reasoning_tokens > 0
    whole = litellm.completion(**options).choices[0].message.content
    chunks = litellm.completion(**options, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole


def test_litellm_with_anthropics_api(server):
    import litellm
    reply = litellm.completion(model="anthropic/swiftlet", api_base=server.url, api_key="none",
                               messages=[{"role": "user", "content": SUM}], temperature=0, max_tokens=100)
    assert "12 + 30 =" in reply.choices[0].message.content


def test_langchain(base):
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI
    model = ChatOpenAI(model="swiftlet", base_url=base, api_key="none", temperature=0)
    whole = model.invoke("What is Apus?").content
    assert "Swift" in whole
    assert "".join(chunk.content for chunk in model.stream("What is Apus?")) == whole
    reply = model.bind_tools([tool(weather)]).invoke("What is the weather in Paris?")
    assert reply.tool_calls[0]["name"] == "weather" and isinstance(reply.tool_calls[0]["args"]["city"], str)
    responses = ChatOpenAI(model="swiftlet", base_url=base, api_key="none", temperature=0, use_responses_api=True)
    assert responses.invoke("What is Apus?").text == whole


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_openai_agents_to_the_end_of_a_tool_loop(base, api):
    import agents
    import openai
    agents.set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=base, api_key="none")
    kind = {"chat": agents.OpenAIChatCompletionsModel, "responses": agents.OpenAIResponsesModel}[api]
    agent = agents.Agent(name="meteorologist", model=kind(model="swiftlet", openai_client=client),
                         tools=[agents.function_tool(weather, strict_mode=False)],
                         model_settings=agents.ModelSettings(temperature=0))
    result = asyncio.run(agents.Runner.run(agent, "What is the weather in Paris?", max_turns=4))
    assert called and result.final_output.strip()


@pytest.mark.parametrize("api", ["openai-chat", "openai-responses", "anthropic"])
def test_pydantic_ai(server, base, api):
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    if api == "anthropic":
        model = AnthropicModel("swiftlet", provider=AnthropicProvider(base_url=server.url, api_key="none"))
    else:
        kind = OpenAIChatModel if api == "openai-chat" else OpenAIResponsesModel
        model = kind("swiftlet", provider=OpenAIProvider(base_url=base, api_key="none"))
    agent = Agent(model, tools=[weather], model_settings={"temperature": 0, "max_tokens": 300})
    result = agent.run_sync("What is the weather in Paris?")
    assert called and result.output.strip()


def test_llm(base, tmp_path, monkeypatch):
    from llm.default_plugins.openai_models import Chat
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    model = Chat("swiftlet", model_name="swiftlet", api_base=base, key="none")
    model.key = "none"
    whole = model.prompt("What is Apus?", stream=False, temperature=0).text()
    assert "Swift" in whole
    assert "".join(model.prompt("What is Apus?", stream=True, temperature=0)) == whole


@pytest.mark.parametrize("mode", ["TOOLS", "JSON_SCHEMA"])
def test_instructor(base, mode):
    import instructor
    import openai
    client = instructor.from_openai(openai.OpenAI(base_url=base, api_key="none"), mode=instructor.Mode[mode])
    person = client.chat.completions.create(
        model="swiftlet", response_model=Person, messages=[{"role": "user", "content": ANNA}], temperature=0,
        max_retries=0)
    assert isinstance(person, Person)


def test_langchain_structured_output_by_a_call(base):
    from langchain_openai import ChatOpenAI
    model = ChatOpenAI(model="swiftlet", base_url=base, api_key="none", temperature=0)
    assert isinstance(model.with_structured_output(Person, method="function_calling").invoke(ANNA), Person)
    strict = model.with_structured_output(Person, method="function_calling", strict=True)
    assert isinstance(strict.invoke(ANNA), Person)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_openai_agents_with_strict_tools_and_a_type(base, api):
    import agents
    import openai
    agents.set_tracing_disabled(True)
    client = openai.AsyncOpenAI(base_url=base, api_key="none")
    kind = {"chat": agents.OpenAIChatCompletionsModel, "responses": agents.OpenAIResponsesModel}[api]
    agent = agents.Agent(name="meteorologist", model=kind(model="swiftlet", openai_client=client),
                         tools=[agents.function_tool(weather)], output_type=Person,
                         model_settings=agents.ModelSettings(temperature=0, tool_choice="required"))
    result = asyncio.run(agents.Runner.run(agent, "What is the weather in Paris?", max_turns=4))
    assert called and isinstance(result.final_output, Person)


@pytest.mark.parametrize("api", ["chat", "responses", "anthropic"])
def test_pydantic_ai_structured_output_by_a_call(server, base, api):
    from pydantic_ai import Agent
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    if api == "anthropic":
        model = AnthropicModel("swiftlet", provider=AnthropicProvider(base_url=server.url, api_key="none"))
    else:
        kind = OpenAIChatModel if api == "chat" else OpenAIResponsesModel
        model = kind("swiftlet", provider=OpenAIProvider(base_url=base, api_key="none"))
    agent = Agent(model, output_type=Person, model_settings={"temperature": 0, "max_tokens": 300})
    assert isinstance(agent.run_sync(ANNA).output, Person)
