"""Lambda tells a function in which runtime it runs, and the SDKs pass it on in their User-Agent: so a function's calls can
be told from all others. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from taught import hooks

runtime = hooks.ministack("core.lambda_runtime", "execution_credentials")


@hooks.wrap(runtime, "execution_credentials")
def _execution_environment(original, config):
    return {**original(config), "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}"}
