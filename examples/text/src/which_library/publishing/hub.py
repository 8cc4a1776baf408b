"""The upload to a Space of Hugging Face, in one commit."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import metadata
from pathlib import Path
from typing import cast

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, RepositoryNotFoundError

from .. import PACKAGE
from ..errors import UserError
from .space import METADATA_FILE

# The error of the HTTP library: httpx in huggingface_hub 1, httpx2 in huggingface_hub 2.
HTTPError = cast(type[Exception], HfHubHTTPError.__bases__[0])
NEW_SPACE = {".gitattributes", "README.md"}
HOW_TO_LOG_IN = (
    "create one with write access at https://huggingface.co/settings/tokens, "
    "and set HF_TOKEN or run: uv run hf auth login"
)


def choose_space(api: HfApi, name: str | None) -> str:
    """Return the `OWNER/NAME` to publish to; by default the token's user and the project's name.

    Raises:
        UserError: the token is missing or invalid, or the name belongs to something else.
    """
    with _one_line_errors(name or "the Space"):
        user = api.whoami()["name"]
        name = name or metadata(PACKAGE)["Name"]
        space = name if "/" in name else f"{user}/{name}"
        files = _remote_files(api, space) or set()
    if files - NEW_SPACE and METADATA_FILE not in files:
        raise UserError(f"{space} is another Space; choose another name with --space OWNER/NAME")
    return space


def upload(api: HfApi, folder: Path, space: str) -> str:
    """Replace the files of the Space in one commit, create it if needed, and return its address.

    A Space that was created for an upload that failed is deleted.
    """
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    with _one_line_errors(space):
        created = _remote_files(api, space) is None
        address = api.create_repo(space, repo_type="space", space_sdk="gradio", exist_ok=True)
        try:
            outdated = (_remote_files(api, space) or set()) - names - {".gitattributes"}
            api.create_commit(
                space,
                [
                    *(CommitOperationDelete(name) for name in sorted(outdated)),
                    *(CommitOperationAdd(name, str(folder / name)) for name in sorted(names)),
                ],
                commit_message="Publish the demo",
                repo_type="space",
            )
        except BaseException:
            if created:
                with suppress(HTTPError, OSError):
                    api.delete_repo(space, repo_type="space")
            raise
    return str(address)


def _remote_files(api: HfApi, space: str) -> set[str] | None:
    """Return the names of the files of the Space, or None if it does not exist."""
    try:
        return {file.rfilename for file in api.space_info(space).siblings or []}
    except RepositoryNotFoundError:
        return None


@contextmanager
def _one_line_errors(space: str) -> Iterator[None]:
    """Raise the errors of huggingface_hub as a `UserError` of one line."""
    try:
        yield
    except LocalTokenNotFoundError:
        raise UserError(f"no token of Hugging Face; {HOW_TO_LOG_IN}") from None
    except HfHubHTTPError as error:
        status, message = error.response.status_code, (error.server_message or str(error)).strip().splitlines()[0]
        if status == 401:
            raise UserError(f"the token of Hugging Face is not valid; {HOW_TO_LOG_IN}") from None
        if status == 403:
            raise UserError(f"the token may not write to {space} ({message}); {HOW_TO_LOG_IN}") from None
        raise UserError(f"Hugging Face rejected {space} with status {status}: {message}") from None
    except (HTTPError, OSError) as error:
        raise UserError(f"Hugging Face can't be reached ({error}); nothing was published, try again") from None
    except ValueError as error:  # a name or a front matter that the hub does not accept
        raise UserError(" ".join(str(error).split())) from None
