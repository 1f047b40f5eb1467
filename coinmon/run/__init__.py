"""What a command starts: the scan as a running program, the doctor, the backtest, the demo."""
