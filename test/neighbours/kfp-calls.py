"""Calls the unmodified SDK of Kubeflow Pipelines: JSON on standard input, JSON on standard output.

In: {"host"[, "namespace"], "credentials": {"kind": "existing_token", "token"} | {"kind": "volume"[, "path"]}, "calls": [[METHOD, ARGUMENTS]]}
Out: [{"result"} or {"raised": {"type", "status", "reason", "body", "text"}}], one for each call.
The method `run_greeting` creates a run of a pipeline that is written here.
"""

import contextlib
import json
import sys
import warnings

import kfp
from kfp import dsl


@dsl.component(base_image="python:3.11")
def greet(whom: str) -> str:
    return f"hello {whom}"


@dsl.pipeline(name="greeting")
def greeting(whom: str = "world"):
    greet(whom=whom)


def client_for(order):
    where = {name: order[name] for name in ("host", "namespace") if name in order}
    credentials = order["credentials"]
    if credentials["kind"] == "existing_token":
        return kfp.Client(**where, existing_token=credentials["token"])
    volume = kfp.client.ServiceAccountTokenVolumeCredentials(path=credentials.get("path"))
    return kfp.Client(**where, credentials=volume)


def call(client, method, arguments):
    if method == "run_greeting":
        return client.create_run_from_pipeline_func(greeting, **arguments).run_info.to_dict()
    return getattr(client, method)(**arguments).to_dict()


def told(error):
    body = getattr(error, "body", None)
    return {
        "type": type(error).__name__,
        "status": getattr(error, "status", None),
        "reason": getattr(error, "reason", None),
        "body": body.decode() if isinstance(body, bytes) else body,
        "text": str(error),
    }


def outcome(client, method, arguments):
    try:
        return {"result": call(client, method, arguments)}
    except Exception as error:
        return {"raised": told(error)}


def main():
    warnings.simplefilter("ignore")
    order = json.load(sys.stdin)
    # The SDK prints links.
    with contextlib.redirect_stdout(sys.stderr):
        client = client_for(order)
        outcomes = [outcome(client, method, arguments) for method, arguments in order["calls"]]
    json.dump(outcomes, sys.stdout, default=str)


main()
