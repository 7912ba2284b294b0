# Two commands: make run, make test. Everything they do is in commandcenter/setup/.
# Settings may follow: make run CITY=manhattan DATA=../shared/data PORT=8051; pytest's: make test ARGS="-k tiles"
PYTHON ?= python3
SETUP = @$(PYTHON) -m commandcenter.setup $@ $(MAKEOVERRIDES)
export ARGS

.PHONY: run test install bench lint bless stop
run test install bench lint bless:
	$(SETUP)

stop:
	@$(PYTHON) -m commandcenter stop $(MAKEOVERRIDES)
