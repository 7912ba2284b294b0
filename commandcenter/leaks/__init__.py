"""The leak matrix: every door of the application, tried as every role in every place of the city as it is, and judged by one who sees everything."""
